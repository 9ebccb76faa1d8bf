"""Plays a national event through real manifests, second by second, and says what breaks.

It owns events and their curves, who calls whom, the engine that drives `cluster` through time, strategies, verdicts and
reports. It does not own how Kubernetes decides: that is `cluster`. Nothing here reads a clock; the same seed gives the
same bytes.

    reading     files of a rehearsal, read strictly
    model       what the parts hand to each other: demand, happenings, the trace
    events      national events as dated data, and the crowd that they bring
    calls       who calls whom, at what price in CPU and time
    engine      a system under a demand, tick by tick
    strategies  ways of choosing replicas, beside the plain autoscaler
    verdict     what broke, why, and the smallest change that mends it
    report      the same on a terminal and on a page

बड़े दिन का पूर्वाभ्यास: भीड़ आने से पहले पता चले कि क्या टूटेगा, किस मिनट, क्यों, और कौन-सा फ़ील्ड बदलना है।
"""
