@NullMarked
package io.hadal.chat;

import org.jspecify.annotations.NullMarked;
