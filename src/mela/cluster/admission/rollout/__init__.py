"""How a Deployment moves from one version to the next, one pass of its controller at a time.

`sync.sync` takes a Deployment, its ReplicaSets as they are, and the time; it returns what the controller would write:
ReplicaSets to create, scale and delete, the Deployment's revision and status, events. Pods are the ReplicaSets' matter.

    model      Deployments, ReplicaSets, status
    bounds     surge, unavailability, and how large a new ReplicaSet may be
    sets       which ReplicaSets are new, old, active, saturated; their order and sums
    scaling    spreading a changed replica count over several ReplicaSets
    status     conditions and progress
    sync       the pass

Source: kubernetes v1.36.3, pkg/controller/deployment (read 2026-11-23).
"""
