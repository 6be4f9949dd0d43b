/** Reading of configuration files. */
@NullMarked
package io.hadal.server.config;

import org.jspecify.annotations.NullMarked;
