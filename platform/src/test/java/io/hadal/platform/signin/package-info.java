@NullMarked
package io.hadal.platform.signin;

import org.jspecify.annotations.NullMarked;
