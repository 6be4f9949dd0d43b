@NullMarked
package io.hadal.platform.registry;

import org.jspecify.annotations.NullMarked;
