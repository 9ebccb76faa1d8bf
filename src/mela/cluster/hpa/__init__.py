"""The HorizontalPodAutoscaler v2 controller as one pure step: what it saw, what it remembered, what it decides.

`spec.read` turns a stored HPA into numbers, `sync.sync` makes one decision. Nothing here reads a clock or calls an API:
time, pods, samples and the answers of the metrics APIs are arguments, the controller's memory is a value that goes in and out.

    spec       the HPA's spec, defaulted as the API server does it, as integers
    observed   what a sync can see: scale, pods, answers of the metrics APIs
    requests   what a pod asks for, as the autoscaler counts it
    pods       which pods and samples count
    replicas   from one metric to a replica count
    metrics    from all metrics to one proposal
    stabilization, rates, normalize   windows, policies, minimum and maximum
    sync, status   one pass of the controller, and what it leaves in the API
    selector   the text form of a selector

Source: kubernetes v1.36.3, pkg/controller/podautoscaler (read 2026-11-23).
"""
