"""How Kubernetes decides, as pure functions over data.

Each module answers one question the way Kubernetes v1.36 answers it: which node a pod gets, how many replicas an
autoscaler wants, whether a request is admitted, whether a connection is allowed. Objects are mappings as parsed from
YAML or JSON; answers are frozen values. Nothing here reads a clock or a network, and only `manifests` reads files.

कुबेरनेटीज़ के फ़ैसले, शुद्ध फलनों के रूप में: वही आँकड़े दें तो हर बार वही उत्तर मिले।
"""
