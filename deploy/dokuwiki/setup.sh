#!/usr/bin/env bash
# A DokuWiki of Debian's package in FOLDER, with Quoth on its page "ask":
#   deploy/dokuwiki/setup.sh FOLDER [PORT [QUOTH_PORT]]
source "$(dirname "$0")/../wiki.sh"
read_arguments "$@"
need_packages dokuwiki nginx php-fpm php-xml php-mbstring
make_password password
make_password quoth-password

# A copy laid out as DokuWiki's own archive is, so that Debian's one site on this machine is left alone.
mkdir "$FOLDER/html"
tar -ch -C /usr/share/dokuwiki --exclude ./lib/plugins/testing . | tar -x -C "$FOLDER/html"
rm "$FOLDER/html/inc/preload.php" "$FOLDER/html/install.php"
mkdir "$FOLDER/html/conf" "$FOLDER/html/data"
(cd /etc/dokuwiki && cp dokuwiki.php license.php mediameta.php manifest.json plugins.php plugins.required.php ./*.conf "$FOLDER/html/conf")
mkdir "$FOLDER"/html/data/{attic,cache,index,locks,log,media,media_attic,media_meta,meta,pages,tmp}

cat >"$FOLDER/html/conf/local.php" <<END
<?php
\$conf['title'] = 'Wiki';
\$conf['savedir'] = './data';
\$conf['baseurl'] = 'http://localhost:$PORT';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['license'] = '';
\$conf['disableactions'] = 'register';
\$conf['remote'] = 1;
\$conf['remoteuser'] = 'quoth';
END
cat >"$FOLDER/html/conf/acl.auth.php" <<'END'
# <?php exit()?>
*	@ALL	1
*	@user	8
END
hash_password() {
    php -r 'echo password_hash(trim(file_get_contents($argv[1])), PASSWORD_BCRYPT);' "$1"
}
cat >"$FOLDER/html/conf/users.auth.php" <<END
# <?php exit()?>
admin:$(hash_password "$FOLDER/password"):Admin:admin@localhost:admin,user
quoth:$(hash_password "$FOLDER/quoth-password"):Quoth:quoth@localhost:user
END

# As an administrator would: the plugin, and a page to ask on.
cp -r "$HERE/dokuwiki/quoth" "$FOLDER/html/lib/plugins/quoth"
cat >"$FOLDER/html/data/pages/ask.txt" <<'END'
====== Ask ======

Ask, and read what the documents themselves say.

{{quoth>}}
END

write_site dokuwiki
finish dokuwiki "doku.php?id=ask" admin "/doku.php?do=login" quoth
