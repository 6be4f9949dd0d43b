@NullMarked
package io.hadal.server;

import org.jspecify.annotations.NullMarked;
