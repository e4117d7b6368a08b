# What both setups do, sourced by them: arguments, packages, the web server's files, who owns what.
set -euo pipefail
umask 022
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    echo "$1" >&2
    exit 2
}

# FOLDER [PORT [QUOTH_PORT]] -> FOLDER (absolute, made, empty), PORT, QUOTH_PORT
read_arguments() {
    [ $# -ge 1 ] && [ $# -le 3 ] || fail "Say where the wiki is to be: $0 FOLDER [PORT [QUOTH_PORT]]."
    PORT=${2:-8080} QUOTH_PORT=${3:-7860}
    local port
    for port in "$PORT" "$QUOTH_PORT"; do
        [[ $port =~ ^[0-9]{1,5}$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "$port is no port. Give a number from 1 to 65535."
    done
    FOLDER=$(realpath -m "$1")
    [[ $FOLDER =~ ^[A-Za-z0-9/._-]+$ ]] || fail "$FOLDER has characters that the web server's files cannot hold. Name another folder."
    [ ${#FOLDER} -le 90 ] || fail "$FOLDER is too long for PHP's socket. Name a folder of at most 90 characters."
    [ ! -e "$FOLDER" ] || [ -z "$(ls -A "$FOLDER")" ] || fail "$FOLDER is not empty. Name a new folder, or remove it first."
    mkdir -p "$FOLDER"
}

# Debian's packages, installed where this is root and they are not there.
need_packages() {
    local missing=()
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "Packages are missing. Install them: sudo apt-get install --no-install-recommends ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A password, made here, kept in FOLDER/NAME.
make_password() {
    (umask 077 && head -c 12 /dev/urandom | base64 | tr '+/' '-_' >"$FOLDER/$1")
}

# The site NAME of nginx/, and Quoth's part of it, filled in.
write_site() {
    cp "$HERE/nginx/quoth.conf" "$FOLDER/quoth.conf"
    sed -e "s|@FOLDER@|$FOLDER|g" -e "s|@PORT@|$PORT|g" -e "s|@QUOTH_PORT@|$QUOTH_PORT|g" "$HERE/nginx/$1.conf" >"$FOLDER/site.conf"
}

# KIND PAGE USER SIGN_IN [QUOTH_USER] -> the settings of the Quoth beside it, which reads the wiki's pages, and what to
# do now. QUOTH_USER, where the wiki wants one for that, has its password in FOLDER/quoth-password.
finish() {
    local account=
    cat >"$FOLDER/quoth.toml" <<END
index_dir = "$FOLDER/index"
port = $QUOTH_PORT
root_path = "/quoth"
auth = true
trusted_proxy = ["127.0.0.1"]
sign_in = "$4"

[[wikis]]
name = "wiki"
kind = "$1"
address = "http://localhost:$PORT"
rights = "caller"
END
    if [ -n "${5:-}" ]; then
        printf 'user = "%s"\npassword_env = "WIKI_PASSWORD"\n' "$5" >>"$FOLDER/quoth.toml"
        account="  export WIKI_PASSWORD=\$(cat $FOLDER/quoth-password)"$'\n'
    fi
    [ "$(id -u)" != 0 ] || chown -R www-data:www-data "$FOLDER"
    cat <<END
The wiki is in $FOLDER. Start it, and beside it Quoth:
  $HERE/serve.sh $FOLDER
$account  quoth serve --config $FOLDER/quoth.toml
Then open http://localhost:$PORT/$2 and sign in as $3 with the password in $FOLDER/password.
END
}
