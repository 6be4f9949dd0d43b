@NullMarked
package io.hadal.formats.prompt;

import org.jspecify.annotations.NullMarked;
