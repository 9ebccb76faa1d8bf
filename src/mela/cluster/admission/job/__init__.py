"""When a Job is finished, why, and how many pods it starts next: one pass of its controller.

    model     Jobs, their policies, their pods
    indexes   completion indexes in their short form, such as `0,2-4`
    failure   what a failed pod counts as
    sync      the pass

Source: kubernetes v1.36.3, pkg/controller/job (read 2026-11-23).
"""
