#!/usr/bin/Rscript
# Writes lever_reference.json: what R's lm and clubSandwich (CR2, Satterthwaite) say of two sweeps with levers, and t.test of their
# matched differences.
#
#     Rscript tests/report/make_lever_reference.R > tests/report/lever_reference.json
#
# Deterministic; the file is committed, so that the tests need no R.
suppressPackageStartupMessages({
  library(clubSandwich)
  library(jsonlite)
})
set.seed(7)

# Effect of one column of a fit.
effect_of <- function(formula, data, cluster, name) {
  fit <- lm(formula, data)
  vcov <- vcovCR(fit, cluster = cluster, type = "CR2")
  tests <- coef_test(fit, vcov = vcov, test = "Satterthwaite")
  limits <- conf_int(fit, vcov = vcov, level = 0.95, test = "Satterthwaite")
  i <- which(names(coef(fit)) == name)
  list(value = unbox(tests$beta[i]), low = unbox(limits$CI_L[i]), high = unbox(limits$CI_U[i]), p = unbox(tests$p_Satt[i]))
}

# Mean over bodies of the differences that a lever makes while the other lever stays.
matched_of <- function(data, lever, other) {
  differences <- sapply(split(data, data$body), function(body) {
    mean(unlist(lapply(split(body, body[[other]]), function(pair) {
      pair$y[pair[[lever]] == 1] - pair$y[pair[[lever]] == 0]
    })))
  })
  differences <- differences[!is.nan(differences)]
  test <- t.test(differences)
  list(value = unbox(unname(test$estimate)), low = unbox(test$conf.int[1]), high = unbox(test$conf.int[2]), p = unbox(test$p.value),
       sizes = unbox(length(differences)))
}

case_of <- function(data, cluster) {
  data$body <- paste(data$family, data$size)
  data$x <- log10(data$size)
  cluster <- data[[cluster]]
  main <- y ~ 0 + factor(family) + x + deduplicated + five
  data$centred <- data$x - mean(data$x)
  rows <- lapply(c("deduplicated", "five"), function(lever) {
    other <- setdiff(c("deduplicated", "five"), lever)
    with_product <- update(main, as.formula(paste(". ~ . +", lever, ":centred")))
    list(lever = unbox(lever), effect = effect_of(main, data, cluster, lever), decade = effect_of(main, data, cluster, "x"),
         interaction = effect_of(with_product, data, cluster, paste0(lever, ":centred")), matched = matched_of(data, lever, other))
  })
  list(points = data[, c("family", "size", "deduplicated", "five", "y")], rows = rows)
}

sweep <- function(family, sizes, with_lever) {
  data <- expand.grid(size = sizes, deduplicated = if (with_lever) 0:1 else 0, five = 0:1)
  data$family <- family
  of_body <- rnorm(length(sizes), sd = 0.02)
  data$y <- 0.05 * log10(data$size) - 0.2 + of_body[match(data$size, sizes)] + 0.03 * data$deduplicated +
    0.02 * data$five * (log10(data$size) - 7) + rnorm(nrow(data), sd = 0.01)
  data
}

sizes <- round(10^seq(7, 10, length.out = 8))
two_families <- rbind(sweep("a", sizes, TRUE), sweep("b", sizes[c(1, 3, 4, 6, 7)] + 1000, FALSE))
many_families <- do.call(rbind, lapply(1:9, function(i) sweep(paste0("family ", i), sort(sample(sizes, 3 + i %% 3)), i %% 2 == 0)))
cat(toJSON(list(two_families = case_of(two_families, "body"), nine_families = case_of(many_families, "family")), digits = NA, pretty = 1), "\n")
