/** Finding out what a running model can do, and how well others serve it. */
@NullMarked
package io.hadal.platform.probe;

import org.jspecify.annotations.NullMarked;
