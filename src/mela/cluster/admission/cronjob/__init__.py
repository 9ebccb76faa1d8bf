"""When a CronJob starts its next Job, and what it does about those that are missed, still running or finished.

`sync.sync` is one pass of the controller: it takes a CronJob, its Jobs and the time, and returns which Job to create, which
to delete, the new status, and when to come back. Instants are nanoseconds since 1970 UTC; the controller's own zone is UTC.

    model      CronJobs, Jobs, status
    zones      wall clocks and their jumps
    schedule   crontab lines, `@every`, and the next time they name
    missed     which start is due, and how many were missed
    sync       the pass

क्रॉन: मिनट, घंटा, तारीख़, महीना, वार, इसी क्रम में।

Source: kubernetes v1.36.3, pkg/controller/cronjob, and github.com/robfig/cron v3.0.1 (read 2026-11-23).
"""
