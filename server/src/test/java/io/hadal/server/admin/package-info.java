@NullMarked
package io.hadal.server.admin;

import org.jspecify.annotations.NullMarked;
