"""Which node a pod gets: filters, scores and preemption of kube-scheduler v1.36 with its default profile.

`decide.decide(pod, snapshot)` answers for one pod in a cluster at rest; pods and nodes are read once by `pods.parse` and
`nodes.parse` and can be kept. Modules follow the scheduler's plugins, one each.

Not here: volumes, resource claims, scheduling gates, pod groups, extenders, other profiles, in-place resize.

शेड्यूलर पहले अयोग्य नोड छाँटता है, फिर बचे हुए नोडों को अंक देता है।

Source: https://github.com/kubernetes/kubernetes/tree/v1.36.3/pkg/scheduler (read 2026-11-23).
"""
