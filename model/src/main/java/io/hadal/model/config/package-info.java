/** What a checkpoint is: architecture as data. */
@NullMarked
package io.hadal.model.config;

import org.jspecify.annotations.NullMarked;
