#!/usr/bin/Rscript
# Writes linear_model_reference.json: what R's lm and clubSandwich (CR2, Satterthwaite) say about a few designs.
#
#     Rscript tests/stats/make_linear_model_reference.R > tests/stats/linear_model_reference.json
#
# Deterministic; the file is committed, so that the tests need no R.
suppressPackageStartupMessages({
  library(clubSandwich)
  library(jsonlite)
})
set.seed(20)

# One design: a formula over a data frame with column y, and a cluster per row. Coefficients that lm leaves out (aliased) are left out
# here too; the test passes the whole design.
reference_of <- function(formula, data, cluster = NULL, confidence = 0.95) {
  fit <- lm(formula, data)
  design <- model.matrix(formula, data)
  kept <- which(!is.na(coef(fit)))
  classical <- summary(fit)$coefficients
  intervals <- confint(fit, level = confidence)
  labels <- if (is.null(cluster)) seq_len(nrow(data)) else cluster
  vcov <- vcovCR(fit, cluster = labels, type = "CR2")
  tests <- coef_test(fit, vcov = vcov, test = "Satterthwaite")
  robust <- conf_int(fit, vcov = vcov, level = confidence, test = "Satterthwaite")
  list(
    design = unname(design), y = data$y, cluster = if (is.null(cluster)) list() else cluster, confidence = unbox(confidence),
    columns = unname(kept) - 1, rank = unbox(fit$rank), estimate = unname(coef(fit)[kept]),
    classical = list(standard_error = unname(classical[, 2]), t = unname(classical[, 3]), p = unname(classical[, 4]),
                     low = unname(intervals[kept, 1]), high = unname(intervals[kept, 2]), covariance = unname(vcov(fit)[kept, kept, drop = FALSE])),
    clustered = list(standard_error = tests$SE, t = tests$tstat, degrees_of_freedom = tests$df, p = tests$p_Satt,
                     low = robust$CI_L, high = robust$CI_U, covariance = unname(as.matrix(vcov)))
  )
}

families <- function(sizes_per_family, family_spread = 0.05) {
  family <- rep(seq_along(sizes_per_family), sizes_per_family)
  x <- round(runif(length(family), 7, 11), 3)
  y <- 0.1 * x + rnorm(length(sizes_per_family), sd = family_spread)[family] + rnorm(length(family), sd = 0.04)
  data.frame(y = y, x = x, family = family, tuned = as.numeric(seq_along(x) %% 3 == 0))
}

three <- data.frame(x = c(7.9, 8.4, 9.6), y = c(0.21, 0.33, 0.31))
five <- data.frame(x = c(3.766, 4.527, 5.008, 5.357, 5.785), y = c(2.7049, 2.1943, 1.9284, 1.2903, 1.7141))
gap <- data.frame(x = c(8, 8.2, 8.4, 8.6, 8.8, 10), y = c(0.26, 0.31, 0.22, 0.35, 0.28, 0.51))
ten <- families(rep(4, 10))
uneven <- families(c(1, 2, 5, 3, 2, 8, 4, 2, 1, 6))
few <- families(c(5, 4, 6))
six <- families(rep(3, 6))
six$doubled <- 2 * six$x - 3

cases <- list(
  three_points = reference_of(y ~ x, three),
  five_points = reference_of(y ~ x, five),
  a_gap = reference_of(y ~ x, gap, confidence = 0.9),
  mean_only = reference_of(y ~ 1, five),
  line_by_family = reference_of(y ~ x, ten, ten$family),
  uneven_families = reference_of(y ~ x, uneven, uneven$family),
  family_intercepts = reference_of(y ~ 0 + factor(family) + x, ten, ten$family),
  family_intercepts_with_singles = reference_of(y ~ 0 + factor(family) + x, uneven, uneven$family),
  family_intercepts_models_alone = reference_of(y ~ 0 + factor(family) + x, few),
  lever_and_interaction = reference_of(y ~ x * tuned, ten, ten$family, confidence = 0.99),
  lever_within_families = reference_of(y ~ factor(family) + x + tuned, six, six$family),
  quadratic = reference_of(y ~ x + I(x^2), uneven, uneven$family),
  rank_deficient = reference_of(y ~ x + doubled + tuned, six, six$family)
)
cat(toJSON(cases, digits = NA, pretty = 1), "\n")
