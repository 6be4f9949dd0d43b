/** Exercises made from real code by the JDK's parser: renaming, bugs, security, bodies, tests. */
@org.jspecify.annotations.NullMarked
package io.hadal.train.corpus.task;
