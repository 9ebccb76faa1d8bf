"""What the API server and the built-in controllers allow, refuse and do next.

    pod_security  is a pod allowed at a Pod Security level
    quota         does a request fit into quotas and limit ranges
    validation    is an object well formed, field by field
    disruption    may a pod be evicted now
    rollout       what a Deployment does next
    statefulset   in which order pods come, go and are updated
    job           when a Job is finished, and how many pods it starts next
    cronjob       which Job a CronJob starts, and when

All are pure: objects and the time go in, a decision comes out. Upstream's own decisions are the tests
(but for statefulset and job, which follow its source).
"""
