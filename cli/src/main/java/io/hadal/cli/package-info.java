@NullMarked
package io.hadal.cli;

import org.jspecify.annotations.NullMarked;
