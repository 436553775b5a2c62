#!/usr/bin/env Rscript
# Writes mixed_logistic_reference.json: what lme4's glmer (nAGQ = 1) says about small sets of answers.
#
#     Rscript tests/stats/make_mixed_logistic_reference.R > tests/stats/mixed_logistic_reference.json
#
# Deterministic; needs lme4 and jsonlite. Both stages of the optimiser are run to tolerances far below the defaults.

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

# families: how many models each has. Returns right [questions x models] and what describes the models.
answers <- function(seed, questions, families, slope, tuning = NULL, family_sd = 0.5, question_sd = 1, missing = 0) {
  set.seed(seed)
  models <- sum(families)
  family <- rep(seq_along(families) - 1, families)
  size <- round(runif(models, 7, 10), 3)
  logit <- slope * (size - 8.5) + rnorm(length(families), sd = family_sd)[family + 1]
  columns <- cbind(size = size)
  if (!is.null(tuning)) {
    tuned <- rep_len(c(0, 1, 1), models)
    columns <- cbind(columns, tuned = tuned)
    logit <- logit + tuning * tuned
  }
  difficulty <- rnorm(questions, sd = question_sd)
  right <- 1 * (matrix(runif(questions * models), questions) < plogis(outer(-difficulty, logit, "+")))
  right[matrix(runif(questions * models), questions) < missing] <- NA
  list(columns = columns, family = family, right = right)
}

# Minus twice the log-likelihood by Laplace's approximation, from its definition with dense matrices. lme4 leaves its inner
# iteration when the effects are near their mode, which shows in the sixth digit of the deviance and the fourth of its second
# derivatives.
laplace_deviance <- function(model) {
  X <- as.matrix(getME(model, "X"))
  Z <- as.matrix(getME(model, "Z"))
  y <- getME(model, "y")
  levels <- rep(seq_along(getME(model, "theta")), diff(getME(model, "Gp")))
  function(at) {
    deviation <- at[seq_along(getME(model, "theta"))]
    fixed <- X %*% at[-seq_along(deviation)]
    G <- Z %*% diag(deviation[levels])
    u <- numeric(ncol(G))
    for (i in 1:30) {
      p <- as.vector(plogis(fixed + G %*% u))
      H <- crossprod(G, p * (1 - p) * G) + diag(length(u))
      u <- u + as.vector(solve(H, crossprod(G, y - p) - u))
    }
    logit <- as.vector(fixed + G %*% u)
    p <- plogis(logit)
    H <- crossprod(G, p * (1 - p) * G) + diag(length(u))
    -2 * sum(plogis((2 * y - 1) * logit, log.p = TRUE)) + sum(u^2) + as.numeric(determinant(H)$modulus)
  }
}

# From the second derivatives in deviations and fixed effects together, five points along every axis and every diagonal.
standard_errors <- function(model) {
  deviance <- laplace_deviance(model)
  deviations <- seq_along(getME(model, "theta"))
  at <- c(getME(model, "theta"), fixef(model))
  scale <- c(rep(0.3, length(deviations)), sqrt(diag(as.matrix(vcov(model)))))
  along <- function(direction) {
    h <- 0.02
    sum(c(-1, 16, -30, 16, -1) * sapply(h * (-2:2), function(step) deviance(at + step * scale * direction))) / (12 * h^2)
  }
  axes <- diag(length(at))
  hessian <- 0 * axes
  for (i in seq_along(at)) for (j in seq_len(i)) {
    hessian[i, j] <- hessian[j, i] <- if (i == j) along(axes[i, ]) else
      (along(axes[i, ] + axes[j, ]) - along(axes[i, ] - axes[j, ])) / 4
  }
  sqrt(diag(2 * solve(hessian)) * scale^2)[-deviations]
}

fit <- function(data) {
  models <- nrow(data$columns)
  questions <- nrow(data$right)
  cells <- data.frame(right = as.vector(data$right), question = factor(rep(seq_len(questions), models)),
                      family = factor(rep(data$family, each = questions)),
                      data$columns[rep(seq_len(models), each = questions), , drop = FALSE])
  formula <- reformulate(c(colnames(data$columns), "(1 | question)",
                           if (length(unique(data$family)) > 1) "(1 | family)"), "right")
  control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13, check.conv.singular = "ignore",
                          optCtrl = list(rhobeg = 0.1, rhoend = 1e-11, maxfun = 1e6))
  model <- glmer(formula, cells, binomial, nAGQ = 1, control = control)
  deviations <- sapply(VarCorr(model), function(v) attr(v, "stddev"))
  list(columns = data$columns, family = data$family, right = data$right,
       estimates = unname(fixef(model)), standard_errors = unname(standard_errors(model)),
       standard_errors_of_lme4 = unname(sqrt(diag(as.matrix(vcov(model))))),
       definition = -laplace_deviance(model)(c(getME(model, "theta"), fixef(model))) / 2,
       question_deviation = unname(deviations["question.(Intercept)"]),
       family_deviation = unname(deviations["family.(Intercept)"]),
       log_likelihood = as.numeric(logLik(model)), singular = isSingular(model))
}

sets <- list(
  three_families = answers(1, 40, c(3, 3, 3), 0.8),
  one_family = answers(2, 30, 5, 1),
  tuned_with_gaps = answers(3, 50, c(2, 3, 2, 1), 0.7, tuning = 0.6, missing = 0.15),
  families_alike = answers(11, 24, c(2, 2, 2), 0.9, family_sd = 0),
  hard_to_tell_apart = answers(5, 60, c(2, 2, 2, 2, 2), 0.3, family_sd = 1, question_sd = 2)
)
cat(toJSON(lapply(sets, fit), digits = NA, auto_unbox = TRUE, na = "null", matrix = "rowmajor"), "\n")
