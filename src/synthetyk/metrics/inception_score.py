"""The Inception Score, of any classifier's probabilities."""

import numpy as np

from synthetyk.metrics.checks import Rows, as_probabilities


def inception_score(probabilities: Rows) -> float:
    """Return ``exp(E_x KL(p(y|x) || p(y)))``, from 1 (all alike) to K (sure, and every class as often).

    Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, section 4; over all images at once, without
    splits. It is called *Inception* Score only if the probabilities are InceptionV3's.

    Args:
        probabilities: ``(N, K)``, each row a distribution over the classes.

    Raises:
        MetricError: The rows are no distributions, for example pooled features.
    """
    p = as_probabilities(probabilities)
    marginal = p.mean(axis=0)
    # 0 log 0 is 0; where the marginal is 0 every row is.
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))
