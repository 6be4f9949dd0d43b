/** What a model is worth on text that it has not seen. */
@org.jspecify.annotations.NullMarked
package io.hadal.train.evaluation;
