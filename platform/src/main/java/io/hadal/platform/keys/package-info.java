/** API keys: their text, their secrets, and who may use them. */
@NullMarked
package io.hadal.platform.keys;

import org.jspecify.annotations.NullMarked;
