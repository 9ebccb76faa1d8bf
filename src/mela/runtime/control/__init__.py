"""The control room: what the person on duty sees of this process second by second, and the handles there are.

`access` who may come in · `sampler` the figures, once a second · `watch` reading them, live too · `events` parked events ·
`books` ledger and settlement, asked of the services over HTTP · `chaos` what goes wrong at the simulated gateway ·
`crowd` virtual shoppers, a process of their own · `rehearsals` big days played through manifests, likewise, by the
`stage`, out of the `library`. In several processes each shows its own figures.

हिन्दी: नियंत्रण कक्ष: हर सेकंड के आँकड़े, और जान-बूझकर गड़बड़ी करके देखने के औज़ार।
"""

from mela.runtime.control.room import Room

__all__ = ["Room"]
