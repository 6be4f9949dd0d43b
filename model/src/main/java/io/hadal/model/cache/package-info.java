/** State of a timeline: windows, compressed entries, partial groups. */
@NullMarked
package io.hadal.model.cache;

import org.jspecify.annotations.NullMarked;
