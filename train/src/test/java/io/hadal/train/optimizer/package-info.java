@NullMarked
package io.hadal.train.optimizer;

import org.jspecify.annotations.NullMarked;
