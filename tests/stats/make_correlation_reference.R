#!/usr/bin/env Rscript
# Writes correlation_reference.json: what the R package psych says of Williams' t, of Fisher's interval and of
# correction for attenuation.
#
#     Rscript tests/stats/make_correlation_reference.R > tests/stats/correlation_reference.json
#
# Needs psych and jsonlite. Deterministic; the file is committed, so that the tests need neither.

library(psych)
library(jsonlite)

triples <- list(c(.4, .5, .1, 103), c(.9, .8, .85, 5), c(.9, .8, .85, 4), c(-.3, .6, .1, 12), c(.5, .5, .2, 30),
                c(.97, -.2, -.1, 15), c(1, .6, .6, 10))
williams <- lapply(triples, function(v) {
  # By name: r12, r23, r13 is the order of its arguments.
  test <- r.test(n = v[4], r12 = v[1], r13 = v[2], r23 = v[3])
  list(input = v, t = test$t, p = test$p)
})

pairs <- list(c(.3, 4), c(-.85, 7), c(0, 12), c(.99, 200))
fisher <- lapply(pairs, function(v) {
  interval <- r.con(v[1], v[2], p = .95)
  list(input = v, low = interval[1], high = interval[2])
})

measures <- list(c(.38, .7, .9), c(-.6, .5, .8), c(.6, .2, .5))
attenuation <- lapply(measures, function(v) {
  # The corrected correlation stands above the diagonal, which holds the reliabilities.
  list(input = v, r = correct.cor(matrix(c(1, v[1], v[1], 1), 2), v[2:3])[1, 2])
})

cat(toJSON(list(williams = williams, fisher = fisher, attenuation = attenuation), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
