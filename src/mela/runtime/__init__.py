"""Puts services together: one of them in a pod, or all of them on a laptop. The only package that knows which.

`registry` names what exists, `settings` says where it runs, `wiring` decides object or proxy, file or server, memory or
Kafka, `platform` starts and stops it, `serving` puts it on a port.
"""
