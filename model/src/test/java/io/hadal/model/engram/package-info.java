@NullMarked
package io.hadal.model.engram;

import org.jspecify.annotations.NullMarked;
