"""ResourceQuota and LimitRange: what a namespace still lets in, and what an object costs it.

कोटा नामस्थान की सीमा है: जो बचा है उससे ज़्यादा माँगने वाला अनुरोध लौटा दिया जाता है।

In the order of a request: `pods.with_defaults` fills what the API fills; `limit_range.with_defaults` and
`limit_range.violations` apply the LimitRanges; `usage.usage` says what the object is charged; `charge.check` sets that
against the ResourceQuotas.

Not here: usage of ResourceClaims, sums over the objects of a namespace, write conflicts.
"""
