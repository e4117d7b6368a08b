#!/usr/bin/env bash
# Serve a wiki that setup.sh made, until interrupted: deploy/serve.sh FOLDER. PHP and nginx are Debian's, their files
# and logs are in FOLDER, and nothing else on the machine is touched.
set -euo pipefail
FOLDER=$(realpath -m "${1:-.}")
[ -f "$FOLDER/site.conf" ] || {
    echo "$FOLDER has no wiki. Make one with deploy/mediawiki/setup.sh or deploy/dokuwiki/setup.sh, and name it: $0 FOLDER." >&2
    exit 2
}
USER_OF_PHP= USER_OF_NGINX=
if [ "$(id -u)" = 0 ]; then
    USER_OF_PHP=$'user = www-data\ngroup = www-data\nlisten.owner = www-data' USER_OF_NGINX="user www-data;"
fi
cat >"$FOLDER/php.conf" <<END
[global]
error_log = $FOLDER/php.log
[wiki]
$USER_OF_PHP
listen = $FOLDER/php.sock
pm = dynamic
pm.max_children = 8
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
END
cat >"$FOLDER/nginx.conf" <<END
$USER_OF_NGINX
daemon off;
pid $FOLDER/nginx.pid;
error_log $FOLDER/nginx.log;
events {}
http {
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path $FOLDER/tmp-body;
    proxy_temp_path $FOLDER/tmp-proxy;
    fastcgi_temp_path $FOLDER/tmp-fastcgi;
    uwsgi_temp_path $FOLDER/tmp-uwsgi;
    scgi_temp_path $FOLDER/tmp-scgi;
    include $FOLDER/site.conf;
}
END
PHP_FPM=$(ls /usr/sbin/php-fpm* | tail -1)
"$PHP_FPM" --nodaemonize --fpm-config "$FOLDER/php.conf" &
trap 'kill $! 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM
/usr/sbin/nginx -e "$FOLDER/nginx.log" -c "$FOLDER/nginx.conf" &
NGINX=$!
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
wait "$NGINX"
