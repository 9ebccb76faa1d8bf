"""Disruption budgets: how many pods may be evicted now, and what an eviction gets for an answer.

`budget.sync` is one pass of the disruption controller over a budget, `eviction.evict` one request to evict a pod. A
budget holds back evictions only: a crash, a rollout or a plain delete never asks it.

    model      pods, workloads, budgets and their status
    owners     from pods to the number of replicas their controllers want
    budget     the controller's pass
    eviction   the API server's answer

Source: kubernetes v1.36.3, pkg/controller/disruption and pkg/registry/core/pod/storage/eviction.go (read 2026-11-23).
"""
