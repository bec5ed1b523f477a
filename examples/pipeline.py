"""A network inside scikit-learn: in a pipeline, cross-validated, its settings searched for."""

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import thalweg as tw

x, y = tw.data.load_wine()  # 13 figures of 178 wines; which of three growers made them?
x_train, x_test, y_train, y_test = tw.data.train_test_split(x, y, test_size=0.3, stratify=y, random_state=0)

# The scaler is part of the pipeline, so that it learns mean and spread from the training rows of each fold alone.
network = tw.sklearn.Classifier((16,), epochs=30, learning_rate=0.01, random_state=0)
for name, last in {"network": network, "logistic regression": LogisticRegression()}.items():
    scores = cross_val_score(make_pipeline(StandardScaler(), last), x_train, y_train, cv=5)
    print(f"{name:20} {scores.mean():.3f} right in five folds, from {scores.min():.3f} to {scores.max():.3f}")

pipeline = make_pipeline(StandardScaler(), network)
grid = {"classifier__hidden": [(), (16,)], "classifier__dropout": [0.0, 0.3]}
search = GridSearchCV(pipeline, grid, cv=3).fit(x_train, y_train)
print("best settings:", {name.split("__")[1]: value for name, value in search.best_params_.items()})
print(f"test accuracy {search.score(x_test, y_test):.3f}")
assert search.score(x_test, y_test) > 0.9
