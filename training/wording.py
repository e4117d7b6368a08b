"""Whether a question's wording gives away that it is answered: a model that sees no passage should be at chance.

Questions that a language model wrote to be unanswerable sound like it. Where each stands on both sides, with a window
that answers and with one that does not, its words tell nothing.
"""

from collections.abc import Sequence

from training.examples import Example


def wording_auroc(seen: Sequence[Example], unseen: Sequence[Example]) -> float:
    """How well a bag of words and word pairs of the question alone tells which of the unseen windows answer.

    Of the hard negatives nothing is taken: both sides have them. AUROC; 0.5 is chance.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    told, asked = (
        [one for one in some if "hard" not in one.kind and "-alone" not in one.kind] for some in (seen, unseen)
    )
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    table = words.fit_transform([one.question for one in told])
    model = LogisticRegression(max_iter=300).fit(table, [one.answerable for one in told])
    guesses = model.predict_proba(words.transform([one.question for one in asked]))[:, 1]
    return float(roc_auc_score([one.answerable for one in asked], guesses))
