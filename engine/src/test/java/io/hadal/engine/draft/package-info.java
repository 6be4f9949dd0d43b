@NullMarked
package io.hadal.engine.draft;

import org.jspecify.annotations.NullMarked;
