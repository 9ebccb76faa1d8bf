"""Processes that look at a cluster and change it: thin shells around the pure decisions of `cluster`.

    kube              the API server, asked for single objects
    predict           the floor of an autoscaler, lifted before the crowd comes (decides: `cluster.forecast`)
    leading           one of several copies acts (a Lease)
    external_metrics  viewers and bandwidth for autoscalers, as an API of the cluster

Each asks for the least rights, says what it would do with `--dry-run`, and can be killed at any moment.
"""
