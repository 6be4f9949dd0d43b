@org.jspecify.annotations.NullMarked
package io.hadal.train.corpus.task;
