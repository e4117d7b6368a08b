"""A check for annotation artifacts: a model that sees the question alone should not predict whether it is answered.

Questions that a language model wrote to be unanswerable sound like it. Where each occurs both with a window that
answers and with one that does not, its words predict nothing.
"""

from collections.abc import Sequence

from training.examples import Example


def wording_auroc(train: Sequence[Example], validation: Sequence[Example]) -> float:
    """Return the AUROC with which the question's words and word pairs predict answerability; 0.5 is chance.

    Hard negatives are left out, since both sides have them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    train_examples, other_examples = (
        [example for example in examples if "hard" not in example.kind and "-alone" not in example.kind]
        for examples in (train, validation)
    )
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    table = words.fit_transform([example.question for example in train_examples])
    model = LogisticRegression(max_iter=300).fit(table, [example.answerable for example in train_examples])
    guesses = model.predict_proba(words.transform([example.question for example in other_examples]))[:, 1]
    return float(roc_auc_score([example.answerable for example in other_examples], guesses))
