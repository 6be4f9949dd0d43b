@NullMarked
package io.hadal.train.evaluation;

import org.jspecify.annotations.NullMarked;
