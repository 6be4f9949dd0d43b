@NullMarked
package io.hadal.platform.node;

import org.jspecify.annotations.NullMarked;
