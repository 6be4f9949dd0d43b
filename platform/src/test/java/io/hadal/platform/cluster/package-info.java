@NullMarked
package io.hadal.platform.cluster;

import org.jspecify.annotations.NullMarked;
