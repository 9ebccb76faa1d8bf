"""Kustomization folders, built here, so that each object keeps the file and line of its resource.

Understood: resources, bases, components, generators of ConfigMaps and Secrets, patches of both forms, namespace, prefix,
suffix, labels, annotations, images, replicas, and names that other objects refer to. What is not understood
(remote resources, vars, replacements, plug-ins, charts) is said.
Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ and
https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.7.1/api/internal/target/kusttarget.go (read 2026-11-23).
"""

from mela.cluster.manifests.kustomize.build import Build, build, file_in

__all__ = ["Build", "build", "file_in"]
