@NullMarked
package io.hadal.server.turn;

import org.jspecify.annotations.NullMarked;
