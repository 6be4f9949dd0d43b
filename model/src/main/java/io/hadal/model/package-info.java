@NullMarked
package io.hadal.model;

import org.jspecify.annotations.NullMarked;
