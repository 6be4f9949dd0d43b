@NullMarked
package io.hadal.platform.redaction;

import org.jspecify.annotations.NullMarked;
