"""What pods, nodes and faults leave to serve with: the side of the world that the queues see."""

from dataclasses import dataclass

import numpy as np

from mela.rehearsal.engine.network import Network
from mela.rehearsal.model import Floats


@dataclass(slots=True, eq=False)
class Supply:
    """What serves, by service: changed by pods, nodes and faults, read by every tick.

    `pods` ready; `cores` of one pod; `rate` a factor of capacity; `errors` and `broken` shares of answers that are errors,
    of the pods and whatever pods there are; `extra_s` is added to every call into the service, `lost` is the share of calls
    that never arrive, `cut` the share that goes to pods which no longer listen. `burn_m` is CPU burnt by starting pods,
    `idle_m` by all that run; `limit_m` what all running pods may use.
    """

    pods: Floats
    cores: Floats
    rate: Floats
    errors: Floats
    broken: Floats
    extra_s: Floats
    lost: Floats
    cut: Floats
    burn_m: Floats
    idle_m: Floats
    limit_m: Floats
    touched: bool = True
    """Something changed since a flow last looked."""


def at_start(network: Network) -> Supply:
    """Nothing ready yet; what stands outside serves at once."""
    n = network.n_services
    zeros, ones = np.zeros, np.ones
    return Supply(
        pods=zeros(n), cores=ones(n), rate=ones(n), errors=zeros(n), broken=zeros(n), extra_s=zeros(n), lost=zeros(n),
        cut=zeros(n), burn_m=zeros(n), idle_m=zeros(n), limit_m=zeros(n),
    )  # fmt: skip
