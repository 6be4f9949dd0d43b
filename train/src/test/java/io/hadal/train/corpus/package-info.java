@NullMarked
package io.hadal.train.corpus;

import org.jspecify.annotations.NullMarked;
